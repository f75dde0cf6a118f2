const { asCitizen, command } = require('../../lib/service.js');
const { language, t } = require('../../lib/words.js');
const { ask, say } = require('../../lib/ask.js');
const { reading } = require('../../lib/page.js');
const views = require('../../shared/views.js');
const { ageOn, birthDate, idNumberFault, tidyIdNumber } = require('../../shared/idcard.js');

const NEEDS = ['elderly', 'small_child', 'disabled', 'symptomatic', 'close_contact'];
const words = {
  title: 'people.title', lead: 'people.lead', nobody: 'people.nobody', name: 'person.name', number: 'person.id_number', needs: 'person.needs', consent: 'person.consent', guardian: 'person.guardian', save: 'people.save', withdraw: 'people.withdraw', consented: 'people.consent_given', notConsented: 'people.consent_none',
};
const EMPTY = { name: '', number: '', fault: '', child: false, consent: false, guardian: false, needs: [] };

Component(reading({
  words,
  data: { people: [], heading: '', ...EMPTY },
  async read() {
    const people = await asCitizen((citizen) => citizen.people());
    const hasSelf = people.some((person) => person.relation === 'self');
    return { people: people.map((person) => views.personCard(person, t)), hasSelf, heading: t(hasSelf ? 'people.add_dependant' : 'people.add_self'), choices: NEEDS.map((need) => ({ id: need, word: t(`need.${need}`) })) };
  },
  methods: {
    typeName({ detail }) {
      this.setData({ name: detail.value });
    },
    typeNumber({ detail }) {
      const number = tidyIdNumber(detail.value);
      const fault = number.length >= 18 ? idNumberFault(number) : null;
      const born = number.length === 18 && !fault ? birthDate(number) : null;
      this.setData({ number, fault: fault ? t(fault) : '', child: born !== null && ageOn(born, new Date().toISOString().slice(0, 10)) < 14 });
    },
    tickConsent({ detail }) {
      this.setData({ consent: detail.value.length > 0 });
    },
    tickGuardian({ detail }) {
      this.setData({ guardian: detail.value.length > 0 });
    },
    tickNeeds({ detail }) {
      this.setData({ needs: detail.value });
    },
    save() {
      const { name, number, consent, child, guardian, needs, hasSelf } = this.data;
      const fault = idNumberFault(number);
      if (!name.trim() || !consent) return say(t('people.incomplete'));
      if (fault) return say(t(fault));
      if (child && !guardian) return say(t('person.guardian_needed'));
      return this.once(async () => {
        const person = { name: name.trim(), id_number: number, language: language(), needs, consent, guardian_consent: guardian };
        await command(`register ${number}`, (citizen, key) => citizen.register(person, hasSelf, key));
        this.setData(EMPTY);
        say(t('people.saved'));
        await this.show();
      });
    },
    withdraw({ currentTarget }) {
      const { id } = currentTarget.dataset;
      return this.once(async () => {
        if (!(await ask(t('people.withdraw_title'), t('people.withdraw_body'), t('word.yes')))) return;
        await command(`erase ${id}`, (citizen, key) => citizen.erase(id, key));
        say(t('people.withdrawn'));
        await this.show();
      });
    },
  },
}));
