"""Parts of the admin's forms: versions, conflicts, unsaved input, choices and history."""
