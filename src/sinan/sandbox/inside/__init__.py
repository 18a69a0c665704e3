"""What runs in the jail, on the standard library alone: there is no sinan in there. These files travel as an archive in
memory, which the jail's interpreter runs; the modules they come from are named the same on both sides.

Three processes make a run:

    worker    stays; alone trusted to make rooms, and holds one socket. It never sees a program: orders name limits and
              bring descriptors, which a fork of it reads. It ends a room when told to, or when nobody is left to tell
    warden    one a run: furnishes the room, writes the files, counts memory, reports how the program ended
    program   without capabilities, without other descriptors than its three streams
"""
