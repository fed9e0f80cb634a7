import type { Part } from '@a2a-js/sdk'

/** Media types of text files. */
const TEXT = /^text\/|^application\/(?:[\w.-]+\+)?(?:json|xml|yaml)\b/

/**
 * Renders parts as Markdown, concatenated as they are, because a streamed artifact has one part per
 * piece. Data is fenced so that it can be found again; files become text if possible, otherwise a
 * link or a note. No link is followed.
 */
export function textOf(parts: readonly Part[]): string {
  return parts.map(textOfPart).join('')
}

function textOfPart({ content, filename, mediaType }: Part): string {
  switch (content?.$case) {
    case 'text':
      return content.value
    case 'data':
      return `\n\n\`\`\`json\n${JSON.stringify(content.value ?? null, null, 2)}\n\`\`\`\n\n`
    case 'url':
      return `\n\n[${filename || content.value}](${content.value})\n\n`
    case 'raw':
      return TEXT.test(mediaType)
        ? content.value.toString('utf8')
        : `\n\n[${[filename || 'a file', mediaType, `${content.value.byteLength} bytes`].filter((word) => word !== '').join(', ')}]\n\n`
    case undefined:
      return ''
  }
}
