"""Files of any format to rows and problems; `sources.open_source` is the entry."""
