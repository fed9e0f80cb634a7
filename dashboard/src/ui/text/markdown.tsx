import { memo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'

/** Parsing longer text would freeze the browser, so it is shown unformatted. */
const MAX_RENDERED_CHARS = 200_000

const components: Components = {
  // Content by models or from reviewed files must not load anything from elsewhere.
  img: ({ src, alt }) => (
    <a
      href={typeof src === 'string' ? src : undefined}
      rel="noopener noreferrer nofollow"
      target="_blank"
    >
      {alt || 'image'}
    </a>
  ),
  a: ({ href, children }) => (
    <a href={href} rel="noopener noreferrer nofollow" target="_blank">
      {children}
    </a>
  ),
  table: ({ children }) => (
    // Scrolls separately, so that a wide table does not widen the page.
    <div className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
  // Headings of an embedded document start below the page's own.
  h1: ({ children }) => <h3 className="markdown-h1">{children}</h3>,
  h2: ({ children }) => <h4 className="markdown-h2">{children}</h4>,
  h3: ({ children }) => <h5 className="markdown-h3">{children}</h5>,
}

/** Untrusted Markdown: raw HTML is dropped, and the rest is sanitised. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  if (text.length > MAX_RENDERED_CHARS) {
    return <pre className="plain-text">{text.slice(0, 2 * MAX_RENDERED_CHARS)}</pre>
  }
  return (
    <div className="markdown">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[rehypeSanitize]}
        components={components}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
})
