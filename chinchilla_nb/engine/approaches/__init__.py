"""Approaches 1, 2 and 3 of Hoffmann et al. 2022, section 3: three ways to find N* and D* as functions of C."""
