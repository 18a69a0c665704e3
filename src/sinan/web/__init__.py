"""Floor 6: the site. `pages` answer, each with its `.json` twin; `service` keeps users, jobs, votes, the runs'
index.

Read `app` first: what is asked goes from there to a page, which hands a document to a template, or to JSON.
"""
