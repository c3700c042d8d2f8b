"""Return codes as text: canonical forms, table cells and dispositions."""
