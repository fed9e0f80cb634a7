import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { workspaces } from '../../src/workspace/workspaces.ts'
import { aPlan, aTask, running } from './fixtures.ts'

// A worker process: opens the plan named on its command line, edits a file, and prints what it has.
const [, , dataDir = '', root = '', planId = '', taskId = '', spec = ''] = process.argv
const files = workspaces({ dataDir, roots: [root], gitHosts: [], gitSchemes: ['file'] })
const plan = { ...aPlan(JSON.parse(spec)), planId }
const opened = await files.open(plan, aTask(taskId), running)
await writeFile(join(opened.workspace.root, `${taskId}.ts`), taskId)
const { edits } = await opened.collectEdits()
await opened.close()
process.stdout.write(JSON.stringify({ taskId, edits, after: [] }))
