-- Before prelude.lua, which takes the name for something else.
local spread = unpack
