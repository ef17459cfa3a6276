"""The commands of `stoqflow`, one file per kind of work. Each imports what it needs only when it is called."""
