"""How fast an import is, beside stock django-import-export and the plainest SQL, in one run on one machine."""
