import { jsonSchema, type Tool, tool } from 'ai'
import { z } from 'zod'
import { Finding } from '../../../core/contract/findings.ts'

export const FINDINGS_TOOL = 'report_findings'

const MAX_FINDINGS = 500

/** The findings reported so far, in order, without duplicates. */
export interface FindingsReport {
  tool: Tool
  findings(): Finding[]
}

/**
 * A tool with which an agent reports findings as data. Invalid findings are returned with the
 * reason; valid ones in the same call are kept.
 */
export function findingsReport(): FindingsReport {
  const reported = new Map<string, Finding>()
  return {
    findings: () => [...reported.values()],
    tool: tool({
      description:
        'Reports findings as data. Call it once with everything you found, or several times; then give your answer as text.',
      // Validated below rather than by the SDK, which would reject valid findings along with
      // invalid ones.
      inputSchema: jsonSchema<{ findings?: unknown }>({
        type: 'object',
        properties: { findings: z.toJSONSchema(z.array(Finding), { io: 'input' }) as object },
        required: ['findings'],
      }),
      execute: ({ findings }) => {
        const list = Array.isArray(findings) ? findings : []
        const problems: string[] = []
        for (const [index, item] of list.entries()) {
          const finding = Finding.safeParse(withoutEmpty(item))
          if (finding.success && reported.size < MAX_FINDINGS) {
            reported.set(JSON.stringify(finding.data), finding.data)
          } else {
            const reasons = finding.error?.issues.map(
              ({ path, message }) => `${path.join('.') || 'it'}: ${message}`,
            )
            problems.push(
              `findings[${index}]: ${reasons?.join('; ') ?? `there are ${MAX_FINDINGS} already`}`,
            )
          }
        }
        if (!Array.isArray(findings)) problems.push('findings: must be a list')
        const kept = `Kept ${reported.size} finding${reported.size === 1 ? '' : 's'} in all.`
        return problems.length === 0
          ? kept
          : `${kept} These were refused; report them again, corrected:\n${problems.join('\n')}`
      },
    }),
  }
}

/** Models fill in null or an empty string for what they do not know. */
function withoutEmpty(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  return Object.fromEntries(
    Object.entries(item).filter(([, value]) => value !== null && value !== ''),
  )
}

/** For a model that reported findings and then said nothing. */
export function findingsAsText(findings: readonly Finding[]): string {
  return findings
    .map(({ title, severity, file, line, detail, recommendation }) => {
      const place = file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
      const more = [detail, recommendation].filter((text) => text !== undefined).join(' ')
      return `- **${severity}**: ${title}${place}${more === '' ? '' : `. ${more}`}`
    })
    .join('\n')
}
