import type {
  RequestPermissionRequest,
  RequestPermissionResponse,
  ToolKind,
} from '@agentclientprotocol/sdk'
import { WORKSPACE } from '../sandbox/bubblewrap.ts'
import type { Permissions } from './options.ts'

const READING: ReadonlySet<ToolKind> = new Set(['read', 'search', 'think'])
const EDITING: ReadonlySet<ToolKind> = new Set(['edit', 'delete', 'move'])

/**
 * Answers an agent that asks whether it may do something. The sandbox confines it in any case, but a
 * refusal here is one that the agent understands.
 */
export function permissionFor(
  { toolCall, options }: RequestPermissionRequest,
  policy: { permissions: Permissions; writable: boolean },
): RequestPermissionResponse {
  const isAllowed = mayDo(toolCall, policy)
  const kinds = isAllowed
    ? (['allow_once', 'allow_always'] as const)
    : (['reject_once', 'reject_always'] as const)
  const option = kinds.flatMap((kind) => options.find((each) => each.kind === kind) ?? [])[0]
  return option === undefined
    ? { outcome: { outcome: 'cancelled' } }
    : { outcome: { outcome: 'selected', optionId: option.optionId } }
}

function mayDo(
  { kind, locations }: RequestPermissionRequest['toolCall'],
  { permissions, writable }: { permissions: Permissions; writable: boolean },
): boolean {
  const what = kind ?? 'other'
  if (READING.has(what)) return true
  if (permissions === 'reject') return false
  if (!EDITING.has(what)) return true
  return writable && (locations ?? []).every(({ path }) => isInside(path))
}

function isInside(path: string): boolean {
  return path === WORKSPACE || (path.startsWith(`${WORKSPACE}/`) && !path.split('/').includes('..'))
}
