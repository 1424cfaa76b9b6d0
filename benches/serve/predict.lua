-- One row of the demo model for wrk; the key is in the environment.
local features = os.getenv("NOMOGRAM_ROW")
wrk.method = "POST"
wrk.path = "/predict"
wrk.body = '{"features":' .. features .. '}'
wrk.headers["X-API-Key"] = os.getenv("NOMOGRAM_KEY")
