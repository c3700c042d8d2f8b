"""Django's generic classes as base classes: with type arguments for the type checker, without them at run time."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.forms import models

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    ModelChoiceField = forms.ModelChoiceField[Any]
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[Any]
    ModelChoiceIterator = models.ModelChoiceIterator[Any]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm
    ModelChoiceField, ModelMultipleChoiceField = forms.ModelChoiceField, forms.ModelMultipleChoiceField
    ModelChoiceIterator = models.ModelChoiceIterator
