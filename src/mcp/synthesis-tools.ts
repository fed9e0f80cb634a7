import { z } from 'zod'
import type { Synthesis } from '../client/index.ts'
import { brief, itemsFrom, textFrom } from './excerpt.ts'
import { planId, type Tool, tool, waitSeconds } from './tool.ts'

const MOST_SUMMARY_CHARS = 12_000
const MOST_PATCH_CHARS = 20_000
const MOST_ITEMS = 50
const FIRST_FINDINGS = 20
const FIRST_CONFLICTS = 5
const FIRST_ACTIONS = 10
const MOST_DETAIL_CHARS = 400

const PARTS = [
  'overview',
  'summary',
  'findings',
  'conflicts',
  'actions',
  'ledger',
  'patch',
  'data',
] as const

const getSynthesis = tool(
  {
    name: 'get_synthesis',
    title: 'Read the synthesis of a plan',
    description:
      'The merged result of all tasks: summary, ranked findings, conflicts, actions, and what is missing. With wait it waits for a first version. The overview holds what matters most; the other parts hold everything, in portions.',
    effect: 'reads',
  },
  z.object({
    plan_id: planId,
    version: z.int().min(1).optional().describe('The newest without it.'),
    wait: waitSeconds.default(30),
    part: z.enum(PARTS).default('overview'),
    offset: z.int().min(0).default(0).describe('Where to go on in a part that was cut.'),
  }),
  async (tutti, { plan_id, version, wait, part, offset }, signal) => {
    const synthesis =
      version === undefined
        ? await tutti.syntheses.newest(plan_id, { waitMs: wait * 1000, signal })
        : await tutti.syntheses.get(plan_id, version, { signal })
    const { status, executor, model, preliminary } = synthesis
    return {
      planId: plan_id,
      version: synthesis.version,
      status,
      writtenBy: model ?? executor,
      ...(preliminary ? { preliminary } : {}),
      ...partOf(synthesis, part, offset),
    }
  },
)

const synthesizeAgain = tool(
  {
    name: 'synthesize_again',
    title: 'Write the synthesis again',
    description:
      'Asks for another version of the synthesis from the outputs there are, without running tasks. Read it with get_synthesis and the version answered.',
    effect: 'adds',
  },
  z.object({
    plan_id: planId,
    instructions: z.string().min(1).optional().describe('What it should pay attention to.'),
    model: z.string().min(1).optional().describe('`provider:model`.'),
  }),
  async (tutti, { plan_id, instructions, model }, signal) => {
    const request = {
      ...(instructions === undefined ? {} : { instructions }),
      ...(model === undefined ? {} : { model }),
    }
    const { version } = await tutti.syntheses.create(plan_id, request, { signal })
    return { planId: plan_id, version }
  },
)

export const SYNTHESIS_TOOLS: Tool[] = [getSynthesis, synthesizeAgain]

function partOf(
  synthesis: Synthesis,
  part: (typeof PARTS)[number],
  offset: number,
): Record<string, unknown> {
  const { summary, findings, conflicts, actions, ledger, edits, data } = synthesis
  switch (part) {
    case 'overview':
      return overviewOf(synthesis)
    case 'summary':
      return portion('summary', textFrom(summary, offset, MOST_SUMMARY_CHARS))
    case 'findings':
      return portion('findings', itemsFrom(findings, offset, MOST_ITEMS))
    case 'conflicts':
      return portion('conflicts', itemsFrom(conflicts, offset, MOST_ITEMS))
    case 'actions':
      return portion('actions', itemsFrom(actions, offset, MOST_ITEMS))
    case 'ledger':
      return portion('ledger', itemsFrom(ledger, offset, MOST_ITEMS))
    case 'patch':
      return portion('patch', textFrom(edits?.patch ?? '', offset, MOST_PATCH_CHARS))
    case 'data':
      return portion('data', textFrom(JSON.stringify(data ?? null), offset, MOST_PATCH_CHARS))
  }
}

function portion(name: string, { shown, more }: { shown: unknown; more?: string }) {
  return { [name]: shown, ...(more === undefined ? {} : { more }) }
}

function overviewOf(synthesis: Synthesis): Record<string, unknown> {
  const { findings, conflicts, actions, coverage, edits, notes } = synthesis
  const summary = textFrom(synthesis.summary, 0, MOST_SUMMARY_CHARS)
  const left = [
    [summary.more === undefined ? 0 : 1, 'the rest of the summary', 'summary'],
    [findings.length - FIRST_FINDINGS, 'more findings', 'findings'],
    [conflicts.length - FIRST_CONFLICTS, 'more conflicts', 'conflicts'],
    [actions.length - FIRST_ACTIONS, 'more actions', 'actions'],
  ] as const
  const more = left
    .filter(([count]) => count > 0)
    .map(([count, what, part]) =>
      part === 'summary' ? `${what}: part "${part}"` : `${count} ${what}: part "${part}"`,
    )
  return {
    summary: summary.shown,
    findings: findings.slice(0, FIRST_FINDINGS).map(({ detail, recommendation, ...finding }) => ({
      ...finding,
      detail: brief(detail, MOST_DETAIL_CHARS),
      recommendation: brief(recommendation, MOST_DETAIL_CHARS),
    })),
    conflicts: conflicts.slice(0, FIRST_CONFLICTS),
    actions: actions.slice(0, FIRST_ACTIONS),
    succeeded: coverage.succeeded.length,
    missing: coverage.missing.slice(0, FIRST_FINDINGS),
    ...(edits === undefined ? {} : { edits: editsOf(edits) }),
    ...(notes.length > 0 ? { notes } : {}),
    ...(more.length > 0 ? { more } : {}),
  }
}

function editsOf({ commit, merged, conflicts }: NonNullable<Synthesis['edits']>) {
  return {
    commit,
    merged,
    conflicts: conflicts.slice(0, FIRST_FINDINGS).map(({ path, tasks }) => ({ path, tasks })),
    patch: 'part "patch" has the merged changes',
  }
}
