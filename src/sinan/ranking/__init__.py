"""Floor 2: who is ahead, who is tied. It is handed numbers, and reads no run.

items -> all paired differences (contrasts) -> which are sure (rank_intervals), who is tied (tie_groups)
      -> places (standings) -> a board of one benchmark (benchmark_board), of several (overall), of votes (arena)
"""
