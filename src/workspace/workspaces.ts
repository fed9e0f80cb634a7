import { join } from 'node:path'
import { PermanentError } from '../core/errors.ts'
import type { OpenedWorkspace, PlanFiles, Workspaces } from '../core/workspace-port.ts'
import { allowedFolder } from './allowed-path.ts'
import { walkFolder } from './folder-walk.ts'
import { inlineFilesErrors, writeInlineFiles } from './inline-files.ts'
import { DEFAULT_WORKSPACE_LIMITS, type WorkspaceOptions } from './options.ts'
import { materialise, planFolders } from './plan-folder.ts'

export function workspaces(options: WorkspaceOptions): Workspaces {
  const limits = { ...DEFAULT_WORKSPACE_LIMITS, ...options.limits }
  const folders = planFolders(options.dataDir)

  async function sharedFolder(plan: PlanFiles): Promise<string> {
    const { spec } = plan
    if ('path' in spec) {
      const folder = await allowedFolder(options.roots, spec.path)
      if (folder !== undefined) return folder
      throw new PermanentError('workspace-not-found', PATH_REFUSED)
    }
    const folder = join(await folders.make(plan.planId), 'shared')
    await materialise(folder, async (draft) => writeInlineFiles(draft, await plan.inlineFiles()))
    return folder
  }

  return {
    async check(spec) {
      if ('path' in spec) {
        const folder = await allowedFolder(options.roots, spec.path)
        const detail = options.roots.length === 0 ? NO_ROOTS : PATH_REFUSED
        return folder === undefined ? [{ pointer: '/workspace/path', detail }] : []
      }
      if ('files' in spec) return inlineFilesErrors(Object.keys(spec.files))
      return [{ pointer: '/workspace/git', detail: 'is not open to plans here' }]
    },

    async listFiles(spec, signal) {
      if ('path' in spec) {
        const folder = await allowedFolder(options.roots, spec.path)
        if (folder === undefined) {
          const detail = PATH_REFUSED
          return { status: 'refused', errors: [{ pointer: '/workspace/path', detail }] }
        }
        const { entries, truncated } = await walkFolder(folder, {
          maxEntries: limits.maxFiles,
          signal,
        })
        const files = entries.map((entry) => entry.path)
        return { status: 'listed', files, truncated, base: undefined }
      }
      const paths = 'files' in spec ? Object.keys(spec.files).sort() : []
      return {
        status: 'listed',
        files: paths.slice(0, limits.maxFiles),
        truncated: paths.length > limits.maxFiles,
        base: undefined,
      }
    },

    async open(plan): Promise<OpenedWorkspace> {
      return {
        workspace: { root: await sharedFolder(plan), writable: false },
        scratch: undefined,
        base: undefined,
        collectEdits: async () => ({ edits: undefined, problem: undefined }),
        close: async () => {},
      }
    },

    async merge() {
      throw new PermanentError('workspace-refused', 'The workspace cannot be merged.')
    },

    forget: (planId) => folders.remove(planId),

    async sweep(isKept) {
      for (const planId of await folders.list()) {
        if (!(await isKept(planId))) await folders.remove(planId)
      }
    },
  }
}

const NO_ROOTS =
  'folders of this machine are not open to plans; its operator can name some in TUTTI_WORKSPACE_ROOTS'
const PATH_REFUSED = 'is not a folder inside one of those that TUTTI_WORKSPACE_ROOTS names'
