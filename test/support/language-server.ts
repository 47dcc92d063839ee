import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.ts';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

export interface EditorDiagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

/** A client of yaml-language-server: what an editor with the YAML extension shows for one file. */
export class LanguageServer {
  readonly #process: ChildProcess;
  readonly #answers = new Map<number | string, (result: unknown) => void>();
  readonly #published = new Map<string, (found: readonly EditorDiagnostic[]) => void>();
  #received = Buffer.alloc(0);
  #lastId = 0;

  constructor() {
    const bin = join(root, 'node_modules/yaml-language-server/bin/yaml-language-server');
    this.#process = spawn(process.execPath, [bin, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  async start(): Promise<void> {
    const capabilities = { textDocument: { hover: { contentFormat: ['plaintext'] }, completion: {} } };
    await this.request('initialize', { processId: process.pid, rootUri: null, capabilities });
    this.#send({ method: 'initialized', params: {} });
  }

  /** Opens a text that names schema.json in its first line, and gives the diagnostics that the editor underlines. */
  async open(
    name: string,
    text: string,
  ): Promise<{ readonly uri: string; readonly found: readonly EditorDiagnostic[] }> {
    const uri = pathToFileURL(join(root, 'test/editor', name)).href;
    const published = new Promise<readonly EditorDiagnostic[]>((resolve) =>
      this.#published.set(uri, resolve),
    );
    const textDocument = { uri, languageId: 'yaml', version: 1, text };
    this.#send({ method: 'textDocument/didOpen', params: { textDocument } });
    return { uri, found: await published };
  }

  request(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#send({ id, method, params });
    });
  }

  stop(): void {
    this.#process.kill();
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const header = /^(?:.*\r\n)*?Content-Length: (\d+)\r\n(?:.*\r\n)*?\r\n/i.exec(
        this.#received.toString('latin1'),
      );
      const end = header === null ? Infinity : header[0].length + Number(header[1]);
      if (header === null || this.#received.length < end) return;
      this.#take(JSON.parse(this.#received.subarray(header[0].length, end).toString('utf8')) as Message);
      this.#received = this.#received.subarray(end);
    }
  }

  #take({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly EditorDiagnostic[] };
      this.#published.get(uri)?.(diagnostics);
    } else if (method !== undefined && id !== undefined) {
      // Questions of the server: no settings, no workspace folders.
      this.#send({ id, result: method === 'workspace/configuration' ? [{}, {}, {}, {}, {}] : null });
    } else if (id !== undefined) {
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    }
  }
}
