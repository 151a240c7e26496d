--- Shared parts of the resource modules (`qdrant.clusters`, `qdrant.keys` …): handles that wrap API
--- messages, lookup by name, and changes that are retried while the service is unavailable.
local resource = require "qdrant.resource.handles"

require "qdrant.resource.errors"
require "qdrant.resource.arguments"
require "qdrant.resource.lookup"
require "qdrant.resource.changes"
require "qdrant.resource.keys"

return resource
