"""Renderers of a Report: pure, a Report in, a file out. No SQL and no jobs here."""
