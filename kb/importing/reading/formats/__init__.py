"""One module for each form that vendors publish: a document to sheets. `registry` chooses the module."""
