insert into shops values (1, row('High St', 'York', 'England'), null);
