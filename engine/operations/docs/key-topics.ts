import type { Topic } from '../../model/topic.ts';
import { keysOf, type Schema, type SchemaKey, sectionOf, typeText, valueText } from './schema-keys.ts';

/** A topic for each section of schema.json, and for each key in it. */
export const keyTopics = ({ definitions }: Schema): readonly Topic[] =>
  Object.entries(definitions).flatMap(([section, node]) => {
    const keys = keysOf(node);
    const values = node.enum === undefined ? [] : [`One of ${node.enum.map(valueText).join(', ')}.`];
    return [
      topic(section, node.description, [...values, ...listOf(section, keys)]),
      ...keys.map((key) => keyTopic(section, key)),
    ];
  });

const named = (section: string): string => `[${section}](key:${section})`;

function keyTopic(section: string, { path, node, isRequired }: SchemaKey): Topic {
  const own = sectionOf(node);
  const facts = [
    `- in ${named(section)}, as \`${path}\``,
    `- ${isRequired ? 'required' : 'optional'}; ${typeText(node, named)}`,
    ...(node['x-secret'] === true
      ? ['- secret: write a reference such as `${env:NAME}`, which plans, logs and errors keep as it is']
      : []),
    ...(node.default === undefined ? [] : [`- default ${valueText(node.default)}`]),
    ...(node.examples ?? []).map((example) => `- for example ${valueText(example)}`),
  ];
  const below = own === undefined ? listOf(`${section}.${path}`, keysOf(node)) : [];
  return topic(`${section}.${path}`, node.description, [facts.join('\n'), ...below]);
}

const listOf = (name: string, keys: readonly SchemaKey[]): readonly string[] =>
  keys.length === 0
    ? []
    : [
        keys
          .map(({ path, node }) => `- [${path}](key:${name}.${path}): ${node.description ?? ''}`)
          .join('\n'),
      ];

const topic = (name: string, description = '', parts: readonly string[]): Topic => ({
  kind: 'key',
  name,
  title: name,
  summary: description,
  markdown: [description, ...parts].filter((part) => part !== '').join('\n\n'),
});
