-- Gives a call to Hatif by mod_audio_stream: <action application="lua" data="hatif.lua"/>.
-- The channel variables hatif_url and hatif_token say where to, and with which credential. See docs/freeswitch.md.

local function written(name)
  local value = session:getVariable(name) or ""
  return '"' .. value:gsub('[%c%s"\\]', "") .. '"' -- a space would end the command's argument
end

session:answer()

local uuid = session:get_uuid()
local metadata = '{"call_id":"' .. uuid .. '","from":' .. written("caller_id_number")
  .. ',"to":' .. written("destination_number") .. ',"direction":"inbound"}'

session:setVariable("STREAM_EXTRA_HEADERS", '{"Authorization":"Bearer ' .. (session:getVariable("hatif_token") or "") .. '"}')

local command = "uuid_audio_stream " .. uuid .. " start " .. (session:getVariable("hatif_url") or "") .. " mono 8k " .. metadata
local reply = freeswitch.API():executeString(command)
if reply == nil or reply:sub(1, 3) ~= "+OK" then
  freeswitch.consoleLog("err", "hatif: the call could not be given to Hatif: " .. tostring(reply) .. "\n")
  session:hangup()
else
  session:execute("park") -- hatif_player.py does the rest
end
