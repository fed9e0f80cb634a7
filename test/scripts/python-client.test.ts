import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { documentedTypes, TYPES } from '../../script/python-types.ts'
import { startFakeService } from '../support/fake-service.ts'

const FOLDER = join(import.meta.dirname, '../../clients/python')

/** `undefined` if this machine has no Python that can run the client. */
const python = ['python3', 'python3.11'].find((name) => {
  const asked = 'import sys; sys.exit(sys.version_info < (3, 11))'
  return spawnSync(name, ['-c', asked]).status === 0
})
if (python === undefined) console.warn('The Python client is not tested: there is no Python 3.11.')

/** `node script/python-types.ts` writes the file anew. */
test("the Python client's types are those of the API's document", async () => {
  await expect(documentedTypes()).toMatchFileSnapshot(TYPES)
})

describe.skipIf(python === undefined)('the Python client', () => {
  test('passes its own tests with nothing but the standard library', async () => {
    const service = await startFakeService()
    service.autorun = true
    try {
      const { stderr } = await promisify(execFile)(
        python ?? '',
        ['-W', 'error', '-m', 'unittest', 'discover', '-s', 'tests'],
        {
          cwd: FOLDER,
          env: {
            PATH: process.env.PATH,
            PYTHONPATH: 'src',
            PYTHONDONTWRITEBYTECODE: '1',
            TUTTI_URL: service.url,
          },
        },
      )
      expect(stderr).toMatch(/Ran \d+ tests[\s\S]*OK\n$/)
    } finally {
      await service.close()
    }
  })
})
