-- A write as a charge makes one: a server that answers this takes charges. The key is gone after a second.
redis.call('SET', KEYS[1], '', 'PX', '1000')
return 1
