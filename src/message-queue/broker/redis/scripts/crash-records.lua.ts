/** Lua function `crashCount(records)`: how many crashes the field `mqCrashes` records (JSON objects, comma-separated). */
export const crashFunctions = `
local function crashCount(records)
  if not records then return 0 end
  return select(2, string.gsub(records, '"kind"', ''))
end
`;
