#!/usr/bin/env node
// The same as `tutti mcp`, for the configurations of assistants that name a command alone.
process.argv.splice(2, 0, 'mcp')
await import('./tutti.js')
