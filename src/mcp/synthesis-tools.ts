import { z } from 'zod'
import type { Synthesis } from '../client/index.ts'
import { brief, fitting, itemsFrom, textFrom } from './excerpt.ts'
import { maxChars, pageOf, planId, type Tool, tool, waitMs } from './tool.ts'

const MOST_DETAIL_CHARS = 200

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
      'The merged result of all tasks: summary, ranked findings, conflicts, actions, and what is missing. With waitMs it waits for a first version. The overview holds what matters most; the other parts hold everything, in portions.',
    effect: 'reads',
  },
  z.strictObject({
    planId,
    version: z.int().min(1).optional().describe('Defaults to the newest.'),
    waitMs: waitMs.default(30_000),
    part: z.enum(PARTS).default('overview'),
    offset: z.int().min(0).default(0).describe('Where to continue in a part that was cut.'),
    maxChars,
  }),
  async ({ tutti, url }, args, signal) => {
    const { version, part, offset, maxChars: most } = args
    const synthesis =
      version === undefined
        ? await tutti.syntheses.newest(args.planId, { waitMs: args.waitMs, signal })
        : await tutti.syntheses.get(args.planId, version, { signal })
    const { status, executor, model, preliminary } = synthesis
    return {
      planId: args.planId,
      dashboard: `${pageOf(url, args.planId)}?tab=synthesis`,
      version: synthesis.version,
      status,
      writtenBy: model ?? executor,
      ...(preliminary ? { preliminary } : {}),
      ...partOf(synthesis, part, offset, most),
    }
  },
)

const synthesizeAgain = tool(
  {
    name: 'synthesize_again',
    title: 'Write the synthesis again',
    description:
      'Requests another version of the synthesis from the existing outputs, without running tasks. Read it with get_synthesis and the returned version.',
    effect: 'adds',
  },
  z.strictObject({
    planId,
    instructions: z.string().min(1).optional().describe('What it should pay attention to.'),
    model: z.string().min(1).optional().describe('`provider:model`.'),
  }),
  async ({ tutti }, { planId: plan, instructions, model }, signal) => {
    const request = {
      ...(instructions === undefined ? {} : { instructions }),
      ...(model === undefined ? {} : { model }),
    }
    const { version } = await tutti.syntheses.create(plan, request, { signal })
    return { planId: plan, version }
  },
)

export const SYNTHESIS_TOOLS: Tool[] = [getSynthesis, synthesizeAgain]

function partOf(
  synthesis: Synthesis,
  part: (typeof PARTS)[number],
  offset: number,
  most: number,
): Record<string, unknown> {
  const { summary, findings, conflicts, actions, ledger, edits, data } = synthesis
  switch (part) {
    case 'overview':
      return overviewOf(synthesis, most)
    case 'summary':
      return portion('summary', textFrom(summary, offset, most))
    case 'findings':
      return portion('findings', itemsFrom(findings, offset, most))
    case 'conflicts':
      return portion('conflicts', itemsFrom(conflicts, offset, most))
    case 'actions':
      return portion('actions', itemsFrom(actions, offset, most))
    case 'ledger':
      return portion('ledger', itemsFrom(ledger, offset, most))
    case 'patch':
      return portion('patch', textFrom(edits?.patch ?? '', offset, most))
    case 'data':
      return portion('data', textFrom(JSON.stringify(data ?? null), offset, most))
  }
}

function portion(name: string, { shown, more }: { shown: unknown; more?: string }) {
  return { [name]: shown, ...(more === undefined ? {} : { more }) }
}

function overviewOf(synthesis: Synthesis, most: number): Record<string, unknown> {
  const { findings, conflicts, actions, coverage, edits, notes } = synthesis
  const summary = textFrom(synthesis.summary, 0, Math.floor(most / 4))
  const first = {
    findings: fitting(
      findings.map(({ detail, recommendation, ...finding }) => ({
        ...finding,
        detail: brief(detail, MOST_DETAIL_CHARS),
        recommendation: brief(recommendation, MOST_DETAIL_CHARS),
      })),
      most / 3,
    ),
    conflicts: fitting(conflicts, most / 8),
    actions: fitting(actions, most / 8),
  }
  const left = [
    [findings.length - first.findings.length, 'findings'],
    [conflicts.length - first.conflicts.length, 'conflicts'],
    [actions.length - first.actions.length, 'actions'],
  ] as const
  const more = [
    ...(summary.more === undefined ? [] : ['the rest of the summary: part "summary"']),
    ...left
      .filter(([count]) => count > 0)
      .map(([count, part]) => `${count} more ${part}: part "${part}"`),
  ]
  const missing = fitting(
    coverage.missing.map(({ error, ...task }) => ({
      ...task,
      error: brief(error, MOST_DETAIL_CHARS),
    })),
    most / 8,
  )
  const hidden = coverage.missing.length - missing.length
  return {
    summary: summary.shown,
    ...first,
    succeeded: coverage.succeeded.length,
    missing,
    ...(hidden > 0 ? { moreMissing: hidden } : {}),
    ...(edits === undefined ? {} : { edits: editsOf(edits, most / 8) }),
    ...(notes.length > 0 ? { notes: fitting(notes, most / 8) } : {}),
    ...(more.length > 0 ? { more } : {}),
  }
}

function editsOf({ commit, merged, conflicts }: NonNullable<Synthesis['edits']>, most: number) {
  return {
    commit,
    merged: fitting(merged, most / 2),
    conflicts: fitting(
      conflicts.map(({ path, tasks }) => ({ path, tasks })),
      most / 2,
    ),
    patch: 'part "patch" has the merged changes',
  }
}
