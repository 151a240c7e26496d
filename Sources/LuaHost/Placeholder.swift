enum PlaceholderLuaHost {}
