"""Django's generic classes as base classes: the type checker wants their type arguments, Django at run time none."""

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
