import type { Diagnostic } from '../model/diagnostic.ts';
import type { SourceDocument } from '../model/project.ts';
import { nodesOf } from './nodes.ts';
import { nestingMax, parseYaml } from './parse-yaml.ts';
import { SourceText } from './source-text.ts';
import { yamlMistake } from './yaml-mistake.ts';

/** Reads one YAML file. It gives a document, or at least one diagnostic. */
export function readDocument(file: string, text: string): SourceDocument | readonly Diagnostic[] {
  const source = new SourceText(file, text);
  const yaml = parseYaml(text);
  switch (yaml.kind) {
    case 'wrong':
      return [yamlMistake(source, yaml.error, yaml.opening)];
    case 'several':
      return [severalDocuments(source, yaml.at)];
    case 'deep':
      return [tooDeep(source, yaml.at)];
    case 'document': {
      const { value, places, diagnostics } = nodesOf(source, yaml.document);
      return diagnostics.length > 0 ? diagnostics : { file, value, nodes: places };
    }
  }
}

const severalDocuments = (source: SourceText, at: number): Diagnostic => ({
  code: 'ETL0006',
  severity: 'error',
  summary: `${source.file} holds several YAML documents`,
  place: source.word(at),
  label: 'a second document begins here',
  help: ['Give each its own file; the line `---` separates documents.'],
});

const tooDeep = (source: SourceText, at: number): Diagnostic => ({
  code: 'ETL0004',
  severity: 'error',
  summary: `values are nested deeper than ${nestingMax} levels`,
  place: source.place(at, at + 1),
  label: 'the limit is passed here',
  help: ['Check for a bracket or a dash too many.'],
});
