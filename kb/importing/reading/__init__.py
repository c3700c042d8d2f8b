"""Files of any format to rows and problems; `sources.open_source` is the entry.

The bytes    files, encodings with letters, source_file; formats/ has one module for each form of a table
The header   header, header_names, sheet_look, evidence; code_column, column_content, column_roles and columns say what
             each column holds, last_file compares them with the table's last file
The rows     table_rows and code_cells check records; arrangements, repeats, lists, labelled_texts, surplus, lines,
             arranged_tables and stacked_tables change or leave out records before that; damage names what a
             spreadsheet did to codes
The person   choices, column_questions and precedent: what somebody decides, is asked, and decided before; look shows it
"""
