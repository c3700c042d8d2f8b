import pytest

from kb.searching import sentences

needs_extra = pytest.mark.skipif(not sentences.is_installed(), reason="the extra `meaning` is not installed")
