import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Api, writeObjects } from './github-objects.ts'
import { asDoc, asDocs, type Pull } from './github-pulls.ts'

const environment = { PATH: process.env.PATH ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

/** Git's smart HTTP over what the emulator holds, for `git fetch`: the objects are written out before refs are told. */
export function createGitHttp(dir: string, api: Api, authOf: (repo: string) => string, pulls: () => readonly Pull[]) {
  const sync = async (repo: string): Promise<void> => {
    const gitDir = join(dir, `${repo}.git`)
    const git = (...args: string[]) => execFileSync('git', ['-C', gitDir, ...args], { env: environment })
    mkdirSync(gitDir, { recursive: true })
    git('init', '-q', '--bare', '--template=', '.')
    git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    const from = { repo, auth: authOf(repo) }
    const heads = await api(from.auth, 'GET', `/repos/${repo}/git/matching-refs/heads`)
    const refs = [
      ...asDocs(heads).map((one) => [String(one.ref), String(asDoc(one.object).sha)] as const),
      ...pulls()
        .filter((one) => one.repo === repo)
        .map((one) => [`refs/pull/${one.number}/head`, one.sha] as const),
    ]
    for (const [ref, sha] of refs) {
      await writeObjects(api, from, gitDir, sha)
      git('update-ref', ref, sha)
    }
    git('symbolic-ref', 'HEAD', 'refs/heads/main')
  }

  return {
    /** Answers one request for `path` (`/owner/name.git/...`); whoever asks has been let in. */
    async handle(request: IncomingMessage, response: ServerResponse, repo: string, url: URL, body: Buffer) {
      if (url.pathname.endsWith('/info/refs')) await sync(repo)
      const child = spawn('git', ['http-backend'], {
        env: {
          ...environment,
          GIT_PROJECT_ROOT: dir,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: url.pathname,
          QUERY_STRING: url.search.slice(1),
          REQUEST_METHOD: request.method ?? 'GET',
          CONTENT_TYPE: request.headers['content-type'] ?? '',
          CONTENT_LENGTH: String(body.length),
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
          GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        },
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      child.stdin.on('error', () => undefined)
      child.stdin.end(body)
      const chunks: Buffer[] = []
      for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
      const out = Buffer.concat(chunks)
      const end = out.indexOf('\r\n\r\n')
      let status = 200
      for (const line of out.subarray(0, end).toString().split('\r\n')) {
        const [name = '', ...value] = line.split(': ')
        if (name === 'Status') status = Number.parseInt(value.join(': '), 10)
        else response.setHeader(name, value.join(': '))
      }
      response.writeHead(status).end(out.subarray(end + 4))
    },
  }
}
