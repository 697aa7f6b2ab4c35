"""Secret ballots that anyone can recount: the pure part.

| module | what |
| --- | --- |
| `encoding` | canonical JSON, digests |
| `slots` | one unlinkable place per person and vote |
| `sealing` | a ballot, its padded plaintext, HPKE, the tracker |
| `receipts` | the signed answer to a cast |
| `board` | the public hash chain and its signed heads |
| `keys` | a vote's key pair, SLIP-39 shares, key files |
| `rules` | the notice of a vote, and what a valid ballot is |
| `counting` | opening counted ballots, documents and digests of a count |
| `contests` | the notice's rules, run by `domain.tally` on opened ballots |
| `bundle` | the zip everybody can check, format described there |

Keys and data come in as arguments. Nothing here reads a clock, a file or a database; randomness is drawn only where
a key, a nonce or a seal needs it.
"""
