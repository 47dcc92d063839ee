import { drop, integer, key, type Migration, text } from './migration.ts';

/** From which page on rows of an account wait until its listing was read to the end. */
export const openListings: Migration = {
  name: '0014-open-listings',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.createTable(
      'open_listings',
      { mapping: { ...text, ...key }, account: { ...text, ...key }, first_page: integer },
      { transaction },
    );
  },
  async down({ context }) {
    await drop(context, ['open_listings']);
  },
};
