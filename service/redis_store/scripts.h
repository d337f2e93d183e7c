// The Lua that Redis runs for us. KEYS[1] is the one key that a script touches.
#pragma once

namespace verdict::redis_store {

// Puts the blob ARGV[1] where (cut, rev) in its bytes 12..17 is greater than what is stored
// (aggregate/blob_codec.h); ARGV[2]: seconds until it expires, 0: never. 1: put; 0: what is stored
// is as new, and stays; where it is just as new, it now expires as if it had been put; -1: what is
// stored is no blob; -2: one of another format; -3: no string at all.
inline constexpr char kPutIfNewer[] = R"(
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'table' then return -3 end
if stored then
  if #stored < 26 or string.byte(stored, 1) ~= string.byte(ARGV[1], 1) then return -1 end
  if string.byte(stored, 2) ~= string.byte(ARGV[1], 2) then return -2 end
  local cut, rev = struct.unpack('<i4I2', stored, 13)
  local new_cut, new_rev = struct.unpack('<i4I2', ARGV[1], 13)
  if new_cut < cut or (new_cut == cut and new_rev < rev) then return 0 end
  if new_cut > cut or new_rev > rev then stored = nil end
end
local done
if ARGV[2] == '0' then
  done = redis.pcall('SET', KEYS[1], stored or ARGV[1])
else
  done = redis.pcall('SET', KEYS[1], stored or ARGV[1], 'EX', ARGV[2])
end
if done.err then return done end
if stored then return 0 end
return 1
)";

// Puts ARGV[2] where exactly ARGV[1] is stored; an empty ARGV[1] stands for nothing. 1: put; 0:
// something else is stored.
inline constexpr char kCompareAndSwap[] = R"(
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
local done = redis.pcall('SET', KEYS[1], ARGV[2])
if done.err then return done end
return 1
)";

}  // namespace verdict::redis_store
