"""The page in a real browser. tests/tests/page.rs starts what is looked at and runs this once for each scenario."""
