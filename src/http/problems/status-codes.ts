/** Not imported: an import of `node:http` loads all that it exports, with the client behind `fetch` 14 MB. */
export const { STATUS_CODES } = process.getBuiltinModule('node:http')
