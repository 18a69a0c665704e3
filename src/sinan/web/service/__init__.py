"""What the site keeps and does: people, jobs, votes, the runs' index. It knows no page."""
