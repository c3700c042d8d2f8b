"""Tests mirror kb/; browser/ drives Chromium, and the files at the top hold the whole product to its rules."""
