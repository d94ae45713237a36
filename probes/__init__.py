"""One file a component: how an image shows it. Loaded by path (amlcheck.catalog), never imported by name."""
