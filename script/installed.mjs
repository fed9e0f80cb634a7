// Exits with 0 when node_modules holds what package-lock.json says, else with 1. Plain JavaScript
// without dependencies: it runs on the old Node of a new machine, before anything is installed.
import { readFileSync } from 'node:fs'

/** @param {string} path */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

const locked = Object.entries(packagesOf('../package-lock.json'))
// npm writes this file last, so an install that was cut short has none.
const installed = packagesOf('../node_modules/.package-lock.json')
const missing = locked.filter(([place, { version, optional }]) => {
  // Optional ones are for other platforms, or may fail to install; the root has no place.
  return place !== '' && optional !== true && installed[place]?.version !== version
})
process.exit(locked.length > 0 && missing.length === 0 ? 0 : 1)
