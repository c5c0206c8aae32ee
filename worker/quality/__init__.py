"""What a chunk is checked for, before and after it is spoken, and what happens then.

expected   before: does the planned length fit the words?
signals    after: what can be told from the sound alone
words      after, with a recogniser: were the words said?
listeners  which recognisers there are
"""
