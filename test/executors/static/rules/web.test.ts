import { describe } from 'vitest'
import { WEB_RULES } from '../../../../src/executors/static/rules/web.ts'
import { testSamples } from './samples.ts'

describe('rules on what a browser gets', () => {
  testSamples(WEB_RULES, {
    'html-injection': {
      bad: [
        `element.innerHTML = \`<b>\${user.name}</b>\``,
        "document.write('<p>' + location.hash + '</p>')",
        "list.insertAdjacentHTML('beforeend', row)",
        'const Page = ({ text }) => <p dangerouslySetInnerHTML={{ __html: text }} />',
      ],
      good: [
        "element.innerHTML = ''",
        'element.innerHTML = DOMPurify.sanitize(text)',
        'element.textContent = user.name',
        'const html = escapeHtml(text)\nelement.innerHTML = html',
        "const ICON = '<svg></svg>'\nelement.innerHTML = ICON",
        'const Page = () => <p dangerouslySetInnerHTML={{ __html: sanitize(text) }} />',
      ],
    },
    'tls-verification-disabled': {
      bad: [
        'const agent = new https.Agent({ rejectUnauthorized: false })',
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'",
        "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0",
        'request({ url, strictSSL: false })',
      ],
      good: [
        'const agent = new https.Agent({ rejectUnauthorized: true })',
        'const agent = new https.Agent({ rejectUnauthorized: config.verify })',
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1'",
      ],
    },
    'permissive-cors': {
      bad: [
        'app.use(cors({ origin: true, credentials: true }))',
        "app.use(cors({ origin: '*' }))",
        'app.register(fastifyCors, { origin: true })',
        "app.use((req, res) => { res.setHeader('Access-Control-Allow-Origin', req.headers.origin); res.setHeader('Access-Control-Allow-Credentials', 'true') })",
      ],
      good: [
        "app.use(cors({ origin: 'https://app.example.org' }))",
        'app.use(cors({ origin: config.origins, credentials: true }))',
        'app.register(other, { origin: true })',
        "app.use((req, res) => { if (origins.has(req.headers.origin)) res.setHeader('Access-Control-Allow-Origin', req.headers.origin) })",
        "res.setHeader('Access-Control-Allow-Methods', '*')",
      ],
    },
    'readable-cookie': {
      bad: ["res.cookie('session', id, { httpOnly: false })"],
      good: [
        "res.cookie('session', id, { httpOnly: true })",
        "res.cookie('csrf', token, { httpOnly: false })",
        "res.cookie('theme', 'dark', { httpOnly: false })",
      ],
    },
    'stack-trace-exposed': {
      bad: [
        'app.use((err, req, res, next) => { res.status(500).send(err.stack) })',
        'const onError = (error, request, reply) => reply.code(500).send({ message: error.message, stack: error.stack })',
      ],
      good: [
        'app.use((err, req, res, next) => { log.error(err.stack); res.status(500).send("failed") })',
        'logger.error(error.stack)',
      ],
    },
  })
})
