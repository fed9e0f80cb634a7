import { lintSource } from '@secretlint/core'
import { creator as recommendedPreset } from '@secretlint/secretlint-rule-preset-recommend'
import type { FileRole } from '../files/kinds.ts'
import type { Hit, RuleText } from '../findings.ts'

export const SECRET_RULE: RuleText = {
  id: 'secret-in-file',
  perspectives: ['security'],
  category: 'security',
  severity: 'critical',
  confidence: 0.9,
  title: 'Secret in a file',
  detail:
    'Whoever can read the files can use it, and it stays in the history after it was removed.',
  recommendation: 'Revoke it and make a new one, kept in the environment or a secret store.',
}

const CONFIG = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: recommendedPreset }],
}

/** A secret recognised by secretlint, with its place in the text. */
export interface FoundSecret {
  /** What kind it is: `GitHub Token`. */
  kind: string
  range: readonly [number, number]
  /** 1-based. */
  line: number
  text: string
}

export async function findSecrets(path: string, text: string): Promise<FoundSecret[]> {
  const { messages } = await lintSource({
    source: {
      filePath: `/${path}`,
      content: text,
      contentType: 'text',
      ext: /\.[^./]*$/.exec(path)?.[0] ?? '',
    },
    // Some rules read the file from disk if allowed; here there is only its text.
    options: { config: CONFIG, noPhysicFilePath: true, maskSecrets: true, locale: 'en' },
  })
  return messages.map((message) => ({
    kind: kindOf(message.message),
    range: message.range,
    line: message.loc.start.line,
    text: text.slice(message.range[0], message.range[1]),
  }))
}

/** `found GitHub Token(****): ****` gives `GitHub Token`. */
function kindOf(message: string): string {
  const [said = ''] = message.split(':', 1)
  const kind = said
    .replace(/^found\s+/i, '')
    .replace(/\(?\*{2,}\)?/g, '')
    .trim()
  return kind === '' ? 'Secret' : kind
}

const OBVIOUSLY_LOCAL =
  /(?:@|\/\/)(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|host\.docker\.internal)\b|example\.(?:com|org|net)|:(?:password|passwd|pass|postgres|secret|changeme|root|admin|test|mysql|user|guest|example)@/i

/** The finding for a secret. Its evidence is filled in from the masked text. */
export function secretHit(path: string, role: FileRole, secret: FoundSecret): Hit {
  return {
    rule: SECRET_RULE,
    file: path,
    line: secret.line,
    evidence: '',
    title: `${secret.kind.charAt(0).toUpperCase()}${secret.kind.slice(1)} in a file`,
    ...doubts(path, role, secret.text),
  }
}

function doubts(path: string, role: FileRole, secret: string): Partial<Hit> {
  if (OBVIOUSLY_LOCAL.test(secret)) {
    return {
      severity: 'low',
      confidence: 0.4,
      detail:
        'It looks like one for a development machine. Make sure that it is used nowhere else.',
    }
  }
  if (/\.(?:mdx?|rst|adoc)$/i.test(path)) {
    return {
      severity: 'low',
      confidence: 0.4,
      detail: `The file is documentation, so the value may be made up. ${IF_REAL}`,
    }
  }
  if (role !== 'source' || /\.(?:example|sample|template|dist)\b/i.test(path)) {
    return {
      severity: 'medium',
      confidence: 0.6,
      detail: `The file is a test or an example, so the value may be made up. ${IF_REAL}`,
    }
  }
  return {}
}

const IF_REAL = 'If it is real, whoever can read the files can use it.'
