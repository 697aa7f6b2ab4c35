"""What the platform does. A service checks its permission, asks the domain, writes models, records."""
