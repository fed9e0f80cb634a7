import { access, constants, mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EnvironmentError } from './config.ts'

/** @throws {Error} naming the variable, if the folder cannot be created or written. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(resolve(dataDir))
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EnvironmentError([
      `TUTTI_DATA_DIR must be a folder that can be created and written: ${why}`,
    ])
  }
}

/** Node's own recursive `mkdir` never returns on a file system that cannot create folders, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  try {
    await make()
  } catch (error) {
    const isOrphan = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isOrphan || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await make()
  }
}
