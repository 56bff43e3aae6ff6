import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JsonObject, oneLine } from '../core/model/index.ts'

/**
 * Writes a message into the outbox folder as `<id>.eml` (RFC 5322), from where a mail transfer agent takes it. The same
 * id is the same message: written twice it is sent once.
 */
export async function writeEmail(outboxDir: string, id: string, inputs: JsonObject, at: number): Promise<string> {
  const to = oneLine(String(inputs.to), 200)
  const subject = oneLine(String(inputs.subject), 300)
  const text = String(inputs.text).replace(/\r\n?/g, '\n')
  const message = [
    'From: gitsoc <gitsoc@localhost>',
    `To: ${to}`,
    `Subject: ${encodeHeader(subject)}`,
    `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@gitsoc.localhost>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(text, 'utf8')
      .toString('base64')
      .replace(/.{1,76}/g, '$&\r\n')
      .trimEnd(),
    '',
  ].join('\r\n')
  await mkdir(outboxDir, { recursive: true })
  const file = join(outboxDir, `${id}.eml`)
  await writeFile(`${file}.part`, message)
  await rename(`${file}.part`, file)
  return file
}

/** RFC 2047 words for what is not ASCII or looks like such a word already, none longer than 75 characters. */
function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text
  const words: string[] = []
  let chunk = ''
  for (const character of text) {
    if (Buffer.byteLength(chunk + character) > 42) {
      words.push(chunk)
      chunk = ''
    }
    chunk += character
  }
  return [...words, chunk].map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}
