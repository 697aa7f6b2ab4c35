"""Between Flask and the views: access, errors, render, headers, markup, filters, languages."""
