//! Adversarial attacks, one a file.
